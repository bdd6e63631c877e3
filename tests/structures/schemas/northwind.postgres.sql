-- A trading house: suppliers and products, customers and their orders, employees with their territories.

CREATE TABLE region (region_id smallint PRIMARY KEY, region_description varchar(60) NOT NULL);
CREATE TABLE territories (
    territory_id varchar(20) PRIMARY KEY,
    territory_description varchar(60) NOT NULL,
    region_id smallint NOT NULL REFERENCES region
);
CREATE TABLE us_states (state_id smallint PRIMARY KEY, state_name varchar(100), state_abbr char(2) UNIQUE, state_region varchar(50));
CREATE TABLE categories (category_id smallint PRIMARY KEY, category_name varchar(15) NOT NULL, description text, picture bytea);
CREATE INDEX category_names ON categories (category_name);
CREATE TABLE suppliers (
    supplier_id smallint PRIMARY KEY,
    company_name varchar(40) NOT NULL,
    contact jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(contact) = 'object'),
    homepage text
);
CREATE INDEX supplier_contact ON suppliers USING gin (contact jsonb_path_ops);
CREATE TABLE shippers (shipper_id smallint PRIMARY KEY, company_name varchar(40) NOT NULL, phone varchar(24));

CREATE TABLE products (
    product_id smallint PRIMARY KEY,
    product_name varchar(40) NOT NULL,
    supplier_id smallint REFERENCES suppliers,
    category_id smallint REFERENCES categories,
    unit_price numeric(10,4) DEFAULT 0 CONSTRAINT price_not_negative CHECK (unit_price >= 0),
    units_in_stock smallint DEFAULT 0,
    units_on_order smallint DEFAULT 0,
    reorder_level smallint DEFAULT 0,
    discontinued boolean NOT NULL DEFAULT false,
    "to be ordered" boolean GENERATED ALWAYS AS (units_in_stock + units_on_order < reorder_level) STORED
);
CREATE INDEX products_live ON products (category_id, product_name) WHERE NOT discontinued;

CREATE TABLE employees (
    employee_id smallint PRIMARY KEY,
    last_name varchar(20) NOT NULL,
    first_name varchar(10) NOT NULL,
    birth_date date CHECK (birth_date < CURRENT_DATE),
    reports_to smallint REFERENCES employees,
    notes text
);
CREATE TABLE employee_territories (
    employee_id smallint NOT NULL REFERENCES employees,
    territory_id varchar(20) NOT NULL REFERENCES territories,
    PRIMARY KEY (employee_id, territory_id)
);

CREATE TABLE customers (
    customer_id char(5) PRIMARY KEY,
    company_name varchar(40) NOT NULL,
    city varchar(15),
    country varchar(15),
    region varchar(15) CHECK (region IN ('north', 'south', 'east', 'west'))
);
CREATE INDEX customers_place ON customers (country, city COLLATE "C" DESC);
CREATE TABLE customer_demographics (customer_type_id char(5) PRIMARY KEY, customer_desc text);
CREATE TABLE customer_customer_demo (
    customer_id char(5) NOT NULL REFERENCES customers,
    customer_type_id char(5) NOT NULL REFERENCES customer_demographics,
    CONSTRAINT pk_customer_customer_demo PRIMARY KEY (customer_id, customer_type_id)
);

CREATE SEQUENCE order_numbers START WITH 10248 INCREMENT BY 1 NO CYCLE;
CREATE TABLE orders (
    order_id integer PRIMARY KEY DEFAULT nextval('order_numbers'),
    customer_id char(5) REFERENCES customers ON UPDATE CASCADE ON DELETE SET NULL,
    employee_id smallint REFERENCES employees,
    order_date date NOT NULL DEFAULT CURRENT_DATE,
    shipped_date date,
    ship_via smallint REFERENCES shippers,
    freight numeric(10,2),
    CONSTRAINT shipped_after_ordered CHECK (shipped_date IS NULL OR shipped_date >= order_date)
);
CREATE INDEX order_dates ON orders USING brin (order_date) WITH (pages_per_range = 32);
CREATE TABLE order_details (
    order_id integer NOT NULL REFERENCES orders ON DELETE CASCADE,
    product_id smallint NOT NULL REFERENCES products,
    unit_price numeric(10,4) NOT NULL,
    quantity smallint NOT NULL DEFAULT 1,
    discount real NOT NULL DEFAULT 0 CHECK (discount >= 0 AND discount <= 1),
    PRIMARY KEY (order_id, product_id)
);
COMMENT ON COLUMN order_details.discount IS 'A share: 0.1 is ten percent';

CREATE VIEW order_subtotals AS
    SELECT order_id, sum(unit_price * quantity * (1 - discount::numeric)) AS subtotal FROM order_details GROUP BY order_id;
CREATE VIEW quarterly_orders AS
    SELECT DISTINCT c.customer_id, c.company_name FROM customers c JOIN orders o USING (customer_id)
    WHERE o.order_date >= date_trunc('quarter', CURRENT_DATE);
CREATE VIEW order_totals AS
    SELECT o.order_id, o.customer_id, s.subtotal, s.subtotal + coalesce(o.freight, 0) AS total
    FROM orders o JOIN order_subtotals s USING (order_id);

CREATE FUNCTION take_from_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE products SET units_in_stock = units_in_stock - NEW.quantity WHERE product_id = NEW.product_id;
    RETURN NEW;
END $$;
CREATE TRIGGER stock AFTER INSERT ON order_details FOR EACH ROW EXECUTE FUNCTION take_from_stock();
CREATE RULE keep_orders AS ON DELETE TO customers WHERE EXISTS (SELECT FROM orders WHERE orders.customer_id = OLD.customer_id) DO INSTEAD NOTHING;
